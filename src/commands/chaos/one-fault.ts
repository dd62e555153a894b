// Tested in test/e2e/chaos.test.ts
import { identityOf } from '../../instance/identity.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import type { CommandContext } from '../../providers/context.ts';
import { sampleSpec } from '../context.ts';
import type { ReadyInstance } from '../open-instance.ts';
import { breakAndMend } from './break.ts';
import type { Fault } from './faults/fault.ts';
import { makeFault } from './faults/make.ts';
import type { UpAgain } from './faults/up-again.ts';
import type { Outcome } from './judge.ts';
import { differences, type Inventory, takeInventory } from './leftovers.ts';
import { type Recovery, untilRecovered } from './recovery.ts';
import type { Scenario } from './scenarios.ts';
import { trafficOwner } from './traffic/server.ts';
import { withTraffic } from './traffic/traffic.ts';
import { withTunnelEnd } from './traffic/tunnel.ts';

/** The instance under test. */
export type Arena = ReadyInstance & {
  readonly context: CommandContext;
  readonly again: UpAgain;
  /** How many times as long as usual anything may take. */
  readonly slack: number;
  /** Told what is broken now, once it is seen to be. */
  readonly onInjected: (seen: string) => void;
};

const tidyMs = 90_000;
/** What comes later than promised is looked for, too, so that it is told how late it was. */
const patienceFactor = 2;

/** What is there of the instance now. */
export const inventoryOf = ({ context, instance, kube, gateway }: Arena): Promise<Inventory> => {
  const { folders, runner, config } = context;
  const place = { namespace: config.master.taskNamespace, stateDir: folders.stateDir, runner };
  return takeInventory({ instance, kube, gateway, ...place });
};

/** What differs from before once all that is on its way out has gone. */
const findLeftovers = async (arena: Arena, before: Inventory): Promise<readonly string[]> => {
  const look = polling(async () => differences(before, await inventoryOf(arena)), 250);
  let found: readonly string[] = [];
  const isTidy = (left: readonly string[]) => {
    found = left;
    return left.length === 0 || left.join(', ');
  };
  const options = { timeoutMs: tidyMs * arena.slack, id: 'proof.left-behind', signal: arena.context.signal } as const;
  await waitUntil('Removal of what was made', look, isTidy, options).catch((error: unknown) => {
    if (found.length === 0) throw error;
  });
  return found;
};

type Met = { readonly injected: string; readonly recovery: Recovery };

/** Breaks it, and waits until all is well; what is broken is mended whatever happens. */
const breakAndWait = async (scenario: Scenario, fault: Fault, { context, ...arena }: Arena): Promise<Met> => {
  const { lastsSeconds, promiseSeconds } = scenario;
  const { signal } = context;
  const kube: Kube = fault.kube ?? arena.kube;
  const breaking = { lastsMs: lastsSeconds * 1_000, onInjected: arena.onInjected, signal };
  const { seen, isBack, sinceMs } = await breakAndMend(fault, breaking);
  const patienceMs = promiseSeconds * 1_000 * patienceFactor;
  const watched = { kube, isBack, sinceMs, patienceMs, slack: arena.slack, signal };
  const recovery = await untilRecovered(context, watched);
  return { injected: seen, recovery };
};

/** Injects one fault while listeners come and go and connections are held, and looks what it did. */
export const runFault = async (scenario: Scenario, arena: Arena, before: Inventory): Promise<Outcome> => {
  const { context, instance, gateway, master, slack } = arena;
  const fault = await makeFault(scenario.breakage, arena);
  const sample = sampleSpec(context.config, { instance, master });
  const spec = { ...sample, ...trafficOwner(identityOf(instance.record())), gateway };
  try {
    const met = await withTunnelEnd(instance, sample, (tunnelEnd) =>
      withTraffic(fault.kube ?? arena.kube, { spec, tunnelEnd, slack, signal: context.signal }, async (traffic) => {
        traffic.begin();
        return { ...(await breakAndWait(scenario, fault, arena)), ...(await traffic.stop()) };
      }),
    );
    return { scenario, ...met, leftovers: await findLeftovers(arena, before) };
  } finally {
    await fault.close?.();
  }
};
