import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..', '..');

export type Import = { readonly from: string; readonly typeOnly: boolean; readonly names: readonly string[] };
export type Source = { readonly path: string; readonly text: string; readonly imports: readonly Import[] };

const statement = /^(?:import|export)\s+(type\s+)?((?:[^'"`;]|\n)*?)\s*from\s+'([^']+)'/gm;
const sideEffect = /(?:^import|\bimport\()\s*'([^']+)'/gm;

const namesIn = (clause: string): readonly string[] =>
  (/\{([^}]*)\}/.exec(clause)?.[1] ?? '')
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter(Boolean);

const isTypeOnly = (clause: string): boolean => {
  const inner = /\{([^}]*)\}/.exec(clause)?.[1];
  return inner?.split(',').every((name) => !name.trim() || name.trim().startsWith('type ')) ?? false;
};

const parseImports = (text: string): readonly Import[] => [
  ...[...text.matchAll(statement)].map(([, type, clause = '', from = '']) => ({
    from,
    typeOnly: type !== undefined || isTypeOnly(clause),
    names: namesIn(clause),
  })),
  ...[...text.matchAll(sideEffect)].map(([, from = '']) => ({ from, typeOnly: false, names: [] })),
];

const read = (path: string): Source => {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: parseImports(text) };
};

export const sources = globSync('src/**/*.ts', { cwd: root }).toSorted().map(read);
export const others = [...globSync('{scripts,test}/**/*.{ts,js}', { cwd: root })].map(read);
