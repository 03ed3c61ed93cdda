# Filled in later.
