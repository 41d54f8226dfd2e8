"""The lexical fields and what each is worth, the same for every engine.

`en` holds English synopses, `tags` genres, themes, makers and characters in English, `name` folded words of the
names, `bi` bigrams of Korean and Japanese text, `name_bi` bigrams of names in those scripts.
"""

BOOSTS = {"en": 1.0, "tags": 0.4, "name": 0.15, "bi": 1.0, "name_bi": 0.15}
