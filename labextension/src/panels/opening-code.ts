/** The Python code that lets a panel that is shown read again, or show something. */
export function updatingCode(words: readonly string[]): string {
  return `jupyter_platform.panels.update(${argumentsOf(words)})`;
}

/**
 * The Python code that opens a panel.
 *
 * A kernel that lacks a package says which Python it is and how the package gets there: the
 * environment of kernels is often another than that of the server.
 *
 * @param words - arguments of `jupyter_platform.panels.open`
 */
export function openingCode(words: readonly string[]): string {
  return `try:
    import jupyter_platform.panels
    jupyter_platform.panels.open(${argumentsOf(words)})
except ModuleNotFoundError as error:
    import shlex, sys
    raise ModuleNotFoundError(
        f"The kernel of the panels is {sys.executable}, which has no package {error.name!r}. "
        f"Install it there: {shlex.quote(sys.executable)} -m pip install jupyter-platform; "
        "then try again."
    ) from None`;
}

function argumentsOf(words: readonly string[]): string {
  return words.map(word => JSON.stringify(word)).join(', ');
}
