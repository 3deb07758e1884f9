/** Version of this extension; that of the Python package is the same. */
export const VERSION = '0.1.0';
