import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { isConflict } from '../../src/lib/kube/client.ts';
import type { Gateway } from '../../src/lib/kube/shapes.ts';
import { gatewayRef } from '../../src/model/gateway-api.ts';
import { addListeners, removeListeners } from '../../src/proof/sample-task/listeners.ts';
import { administrator, endpointOf, newGateway } from '../support/api/cluster.ts';

const writers = 50;
const idOf = (index: number): string => `taskgate-writer-${index}.1`;

/** Each writer tries until it is through, as a master would; how often it lost all five tries is counted. */
const insist = async <T>(work: () => Promise<T>, lost: () => void): Promise<T> => {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error)) throw error;
      lost();
    }
  }
};

test(`${writers} writers side by side add and remove listeners: none is lost, none is left, none has another's port`, async () => {
  const kube = administrator();
  const spec = await newGateway(kube);
  const endpoint = endpointOf(spec);
  const live = () => kube.get<Gateway>(gatewayRef(spec));
  let conflicts = 0;
  const lost = () => {
    conflicts++;
  };
  const all = Array.from({ length: writers }, (_, index) => index);

  const ports = await Promise.all(
    all.map(async (index) => {
      const wish = { allocationId: idOf(index), wanted: 'lowest', count: 1 + (index % 2) } as const;
      const chosen = await insist(() => addListeners(kube, endpoint, wish), lost);
      return chosen.ports;
    }),
  );
  const taken = ports.flat().toSorted((one, other) => one - other);
  expect(taken).toEqual(Array.from({ length: 75 }, (_, index) => 20000 + index));
  const full = await live();
  expect(full.spec.listeners.map(({ port }) => port).toSorted()).toEqual([19999, ...taken]);
  for (const index of all) {
    const own = Object.entries(full.metadata.annotations ?? {}).filter(([, id]) => id === idOf(index));
    expect(own.map(([key]) => Number(key.split('-').at(-1))).toSorted()).toEqual(ports[index]?.toSorted());
  }

  // half go while others come
  const leaving = all.filter((index) => index % 2 === 0);
  const coming = leaving.map((index) => index + 100);
  await Promise.all([
    ...leaving.map((index) => insist(() => removeListeners(kube, spec, (id) => id === idOf(index)), lost)),
    ...coming.map((index) => {
      const wish = { allocationId: idOf(index), wanted: [20100 + randomInt(50)], count: 1 } as const;
      return insist(() => addListeners(kube, endpoint, wish), lost);
    }),
  ]);
  const ids = Object.values((await live()).metadata.annotations ?? {});
  const expected = [...all.filter((index) => index % 2 === 1).flatMap((index) => [index, index]), ...coming];
  expect(ids.toSorted()).toEqual(expected.map(idOf).toSorted());

  await insist(() => removeListeners(kube, spec, () => true), lost);
  const empty = await live();
  expect(empty.spec.listeners.map(({ name }) => name)).toEqual(['taskgate-seed']);
  expect(Object.keys(empty.metadata.annotations ?? {})).toEqual([]);
  // without races nothing of this is proven
  expect(conflicts).toBeGreaterThan(0);
  // each round that is lost is asked again by all: minutes on a machine that does other things
}, 600_000);
