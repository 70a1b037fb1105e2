"""The editor door: a language server, started by `python -m flake8_async_orm.lsp`. Importing this package imports nothing."""
