"""How a front end reaches an engine, in this process or in another one."""
