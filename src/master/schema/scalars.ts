type ScalarKind = 'string' | 'int' | 'float' | 'bool' | 'null';
export type Resolved = { readonly kind: ScalarKind; readonly value: string | number | boolean | null };

const trueWord = /^(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const falseWord = /^(n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const nullWord = /^(|~|null|Null|NULL)$/;

const goInt = /^([-+]?)(?:(0[xX][0-9a-fA-F]+)|(0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const goFloat = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const notFinite = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;

const parseGoInt = (text: string): number | undefined => {
  const found = goInt.exec(text);
  if (!found) return undefined;
  const [, sign, hex, binary, octal, decimal] = found;
  const size = Number(hex ?? binary ?? (octal === undefined ? decimal : `0o${octal}`));
  return sign === '-' && size !== 0 ? -size : size;
};

/**
 * The type and value of an unquoted scalar to the master. It reads YAML 1.1 with gopkg.in/yaml.v2 (resolve.go): `no`, `on` and `y`
 * are booleans, `1_000`, `012`, `0o17`, `0b11` and `1e3` numbers.
 */
export const resolvePlain = (text: string): Resolved => {
  if (nullWord.test(text)) return { kind: 'null', value: null };
  if (trueWord.test(text) || falseWord.test(text)) return { kind: 'bool', value: trueWord.test(text) };
  if (notFinite.test(text)) return { kind: 'float', value: Number.NaN };
  if (!/^[-+.0-9]/.test(text)) return { kind: 'string', value: text };
  const digits = text.replaceAll('_', '');
  const whole = parseGoInt(digits);
  if (whole !== undefined) return { kind: 'int', value: whole };
  if (!goFloat.test(digits)) return { kind: 'string', value: text };
  const value = Number(digits);
  return { kind: Number.isInteger(value) ? 'int' : 'float', value };
};

const canonical = /^(|~|null|true|false|-?(0|[1-9][0-9]*)|-?[0-9]+\.[0-9]+)$/;

/** Whether the master reads an unquoted scalar differently from readers of YAML 1.2, or from what people expect. */
export const isAmbiguous = (text: string): boolean => {
  const { kind } = resolvePlain(text);
  return kind !== 'string' && !canonical.test(text) && !/^(null|true|false)$/i.test(text);
};

/** PyYAML's implicit types (yaml/resolver.py); `yaml.dump` writes a string that matches none without quotes. */
const pythonTypes: readonly RegExp[] = [
  /^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^([-+]?([0-9][0-9_]*)\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/,
  /^([-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+)$/,
  /^(~|null|Null|NULL|)$/,
];

/** Whether PyYAML reads an unquoted scalar as a base 60 number, as `1:30`. */
export const isSexagesimal = (text: string): boolean => /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text);

/**
 * Whether a string loses its quotes and thereby its type in devcluster, which loads and dumps the configuration with
 * PyYAML: to that, `y` and `1e3` are strings that need no quotes, but the master then reads true and 1000.
 */
export const losesTypeInDevcluster = (text: string): boolean =>
  resolvePlain(text).kind !== 'string' && !pythonTypes.some((type) => type.test(text));
