/**
 * The Python code that opens a panel.
 *
 * A kernel that lacks a package says which Python it is and how the package gets there: the
 * environment of kernels is often another than that of the server.
 *
 * @param words - arguments of `jupyter_platform.panels.open`
 */
export function openingCode(words: readonly string[]): string {
  const given = words.map(word => JSON.stringify(word)).join(', ');
  return `try:
    import jupyter_platform.panels
    jupyter_platform.panels.open(${given})
except ModuleNotFoundError as error:
    import shlex, sys
    raise ModuleNotFoundError(
        f"The kernel of the panels is {sys.executable}, which has no package {error.name!r}. "
        f"Install it there: {shlex.quote(sys.executable)} -m pip install jupyter-platform; "
        "then try again."
    ) from None`;
}
