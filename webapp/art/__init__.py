"""Generated posters: palettes, stages, motifs and finishes; `poster.poster_svg` puts them together."""
