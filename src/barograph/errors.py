"""The one exception that means: the user's input is wrong, here is the line that says so."""


class InputError(ValueError):
    """Bad input from outside: a file, a table or a configuration key.

    The message is a single line that names the file or key, the row where there is one, what was found and what is
    allowed. Stages and the command line print it without a traceback and exit with code 1.
    """
