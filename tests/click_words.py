"""The words of click that a user of our command line can meet, marked so that they enter our catalogue.

click ships no translations. It asks gettext, and `messages.bind_click` points gettext at our
catalogue; so what click says must stand there under click's own wording. `pybabel` reads this
file beside the package (see `docs/messages.md`). Its texts are data: nothing here is ever shown.
"""
