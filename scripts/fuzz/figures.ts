import { existsSync, readFileSync } from 'node:fs';

/** What a property leaves behind, as a line of JSON; see test/support/properties/property.ts. */
export type Figures = {
  readonly parser: string;
  readonly inputs: number;
  /** Inputs that were no error for the promise, and so judged. */
  readonly accepted: number;
  readonly seconds: number;
  readonly slowest: { readonly ms: number; readonly input: string };
  readonly failure?: { readonly kind: 'crash' | 'broken promise' | 'leak'; readonly text: string };
};

export const readFigures = (path: string): readonly Figures[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Figures)
    : [];

const headings = [
  'parser',
  'inputs',
  'accepted',
  'inputs/s',
  'crashes',
  'broken promises',
  'leaks',
  'slowest ms',
  'slowest input',
];
const shownInput = 60;

const share = (accepted: number, inputs: number): string => `${((100 * accepted) / Math.max(inputs, 1)).toFixed(1)}%`;

const cellsOf = ({ parser, inputs, accepted, seconds, slowest, failure }: Figures): readonly string[] => [
  parser,
  String(inputs),
  share(accepted, inputs),
  String(Math.round(inputs / Math.max(seconds, 0.001))),
  ...(['crash', 'broken promise', 'leak'] as const).map((kind) => (failure?.kind === kind ? '1' : '0')),
  slowest.ms.toFixed(1),
  slowest.input.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, shownInput),
];

/** A row for each property, with the sum of all at the end. */
export const figuresTable = (rows: readonly Figures[]): string => {
  const counted = (kind: string) => String(rows.filter(({ failure }) => failure?.kind === kind).length);
  const inputs = rows.reduce((sum, row) => sum + row.inputs, 0);
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  const all = [
    'all',
    String(inputs),
    share(
      rows.reduce((sum, row) => sum + row.accepted, 0),
      inputs,
    ),
    String(Math.round(inputs / Math.max(seconds, 0.001))),
  ];
  const sum = [...all, counted('crash'), counted('broken promise'), counted('leak'), '', ''];
  const cells = [headings, ...rows.map(cellsOf), sum];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number) => column === 0 || column === headings.length - 1;
  return cells
    .map((row) =>
      row
        .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** Each failure with its smallest input, and how to run it again. */
export const failuresOf = (rows: readonly Figures[]): readonly string[] =>
  rows.flatMap(({ failure }) => (failure ? [failure.text] : []));
