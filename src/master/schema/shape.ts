// Tested in test/master/rules/validate.test.ts and test/master/write/devcluster.test.ts
/** The values that a key may have. */
export type Shape =
  /** `text` accepts numbers too: the master converts them to strings if it has a flag of that name. */
  | { readonly kind: 'text' | 'string'; readonly mayBeEmpty?: true; readonly isSecret?: true; readonly isShell?: true }
  | { readonly kind: 'int' | 'number' | 'bool' }
  | {
      readonly kind: 'map';
      readonly fields: Readonly<Record<string, Shape>>;
      /** How the reader treats a key that is not in `fields`. */
      readonly unknown: 'refused' | 'dropped' | 'unsure';
      readonly required?: readonly string[];
      /** Former keys and common mistakes, and what to write instead. */
      readonly instead?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'list'; readonly of: Shape; readonly mayBeEmpty?: true }
  | { readonly kind: 'dictionary'; readonly of: Shape }
  | { readonly kind: 'either'; readonly options: readonly Shape[] }
  | { readonly kind: 'any' };

export type MapShape = Extract<Shape, { kind: 'map' }>;

/** The program that reads the file. */
export type Reader = { readonly name: string; readonly ignoresCase: boolean };

export const text: Shape = { kind: 'text' };
export const string: Shape = { kind: 'string' };
export const int: Shape = { kind: 'int' };
export const any: Shape = { kind: 'any' };
export const strings: Shape = { kind: 'list', of: string, mayBeEmpty: true };

type Fields = MapShape['fields'];

/** Fields of one shape. */
export const each = (shape: Shape, ...keys: readonly string[]): Fields =>
  Object.fromEntries(keys.map((key) => [key, shape]));

const mapOf =
  (unknown: MapShape['unknown']) =>
  (fields: Fields, more?: Pick<MapShape, 'required' | 'instead'>): MapShape => ({
    kind: 'map',
    unknown,
    fields,
    ...more,
  });

export const refusing = mapOf('refused');
export const dropping = mapOf('dropped');
export const unsure = mapOf('unsure');
