import { shapeOf } from './shape.ts';

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const uuidsIn = (line: string): readonly string[] => line.match(uuid) ?? [];

/** The run's own id of each id that a page shows. */
export type Ids = ReadonlyMap<string, string>;

/** Pairs the ids of the lines that a page shows with those of the first line of the same shape in the output. */
export const idsOf = (shown: readonly string[], output: string): Ids => {
  const lines = output.split('\n');
  return new Map(
    shown.flatMap((line) => {
      const same = lines.find((one) => shapeOf(one) === shapeOf(line)) ?? '';
      const actual = uuidsIn(same);
      return uuidsIn(line).flatMap((id, index) => (actual[index] === undefined ? [] : [[id, actual[index]] as const]));
    }),
  );
};

/** A command with the run's own ids. Throws where it names one that no output before it has shown. */
export const withIds = (text: string, ids: Ids): string =>
  text.replaceAll(uuid, (id) => {
    const actual = ids.get(id);
    if (actual === undefined) throw new Error(`${text}: no output before it shows ${id}`);
    return actual;
  });
