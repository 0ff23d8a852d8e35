"""Lab 01: from real sales to an honest model of house prices."""
