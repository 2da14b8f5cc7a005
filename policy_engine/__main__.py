"""`python -m policy_engine` is the same as `policy-engine`."""

from policy_engine.cli.main import main

main()
