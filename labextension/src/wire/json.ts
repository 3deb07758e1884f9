/** A value as JSON has them; floats that are not finite arrive as null. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };
