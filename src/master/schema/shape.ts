/** What a key may hold. */
export type Shape =
  /** `text` takes numbers too: the master turns them into strings where it has a flag of that name. */
  | { readonly kind: 'text' | 'string'; readonly mayBeEmpty?: true; readonly isSecret?: true; readonly isShell?: true }
  | { readonly kind: 'int' | 'number' | 'bool' }
  | {
      readonly kind: 'map';
      readonly fields: Readonly<Record<string, Shape>>;
      /** What becomes of a key that is not in `fields`. */
      readonly unknown: 'refused' | 'dropped' | 'unsure';
      readonly required?: readonly string[];
      /** Keys that were, or are often believed to be, and what to write instead. */
      readonly instead?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'list'; readonly of: Shape; readonly mayBeEmpty?: true }
  | { readonly kind: 'dictionary'; readonly of: Shape }
  | { readonly kind: 'either'; readonly options: readonly Shape[] }
  | { readonly kind: 'any' };

export type MapShape = Extract<Shape, { kind: 'map' }>;

/** Who reads the file, and how it takes keys. */
export type Reader = { readonly name: string; readonly ignoresCase: boolean };
