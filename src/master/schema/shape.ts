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
      /** An empty value is as bad as none. */
      readonly required?: readonly string[];
      /** An empty block, also null, switches off what it is about. */
      readonly isNeeded?: true;
      /** Kubernetes' own keys, in camelCase; `fields` has them in lower case. Its strings are no variables of anybody's. */
      readonly isKubernetes?: true;
      /** What to do about any key that is not known. */
      readonly otherwise?: string;
      /** Former keys and common mistakes, and what to write instead. */
      readonly instead?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'list';
      readonly of: Shape;
      readonly mayBeEmpty?: true;
      /** `[]` is refused; null is as good as no list. */
      readonly isNeeded?: true;
    }
  | { readonly kind: 'dictionary'; readonly of: Shape }
  | { readonly kind: 'either'; readonly options: readonly Shape[] }
  | { readonly kind: 'any' };

export type MapShape = Extract<Shape, { kind: 'map' }>;

/** The program that reads the file. `takesEmpty`: to it a key without a value is one that is not given. */
export type Reader = { readonly name: string; readonly ignoresCase: boolean; readonly takesEmpty: boolean };

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
  (fields: Fields, more?: Omit<Partial<MapShape>, 'kind' | 'fields' | 'unknown'>): MapShape => ({
    kind: 'map',
    unknown,
    fields,
    ...more,
  });

export const refusing = mapOf('refused');
export const dropping = mapOf('dropped');
export const unsure = mapOf('unsure');
