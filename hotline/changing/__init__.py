"""How the configuration in use is changed: drafted, checked, tried out, activated, rolled back."""
