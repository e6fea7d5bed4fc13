"""Looking at a corpus: the concordance (`hemu find`) and the corpus at a glance (`hemu report`)."""
