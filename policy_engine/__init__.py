"""policy-engine: guidelines as data, evaluated by a small interpreter, with every reason shown."""
