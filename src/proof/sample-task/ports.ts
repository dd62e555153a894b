import { UserError } from '../../lib/errors.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import type { PortRange } from '../../model/gateway-endpoint.ts';

/** `lowest`: the lowest free ports, as the master chooses. Otherwise these, or the nearest free ones. */
export type WantedPorts = 'lowest' | readonly number[];

export type ChosenPorts = { readonly ports: readonly number[]; readonly notes: readonly string[] };

/**
 * Chooses `count` free ports of the range (both ends inclusive), looking at listener ports only, as the master does.
 * Throws a UserError `proof.no-free-port` if the range has too few.
 */
export const choosePorts = (
  gateway: Gateway,
  range: PortRange,
  { wanted, count }: { readonly wanted: WantedPorts; readonly count: number },
): ChosenPorts => {
  const used = new Map(gateway.spec.listeners.map(({ name, port }) => [port, name]));
  const free = new Set(
    Array.from({ length: range.end - range.start + 1 }, (_, index) => range.start + index).filter((p) => !used.has(p)),
  );
  if (free.size < count) {
    throw new UserError(
      `not enough free ports in range ${range.start}-${range.end}: ${free.size} free, ${count} needed`,
      {
        id: 'proof.no-free-port',
        hint: 'end a task that has proxy ports, or widen the port range',
      },
    );
  }
  if (wanted === 'lowest') return { ports: [...free].slice(0, count), notes: [] };
  const notes: string[] = [];
  const ports = wanted.map((port) => {
    const [nearest = port] = [...free].sort((a, b) => Math.abs(a - port) - Math.abs(b - port));
    free.delete(nearest);
    if (nearest !== port) {
      const why = used.has(port) ? `is in use by listener ${used.get(port)}` : 'is not free in the range';
      notes.push(`port ${port} ${why}; proven through ${nearest} instead`);
    }
    return nearest;
  });
  return { ports, notes };
};
