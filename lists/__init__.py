"""Lists of what a person watched: entries, changes and the files that lists travel in. Pure; no SQL, no Flask."""
