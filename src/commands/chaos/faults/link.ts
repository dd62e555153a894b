import { readFile } from 'node:fs/promises';
import { type Guard, startGuard } from '../../../lib/process/guard.ts';
import type { Command, Runner } from '../../../lib/process/runner.ts';
import { bySystemPath, systemProgram } from '../../../lib/process/system-path.ts';
import type { Verdict } from '../../../lib/wait.ts';
import type { Broken, Fault } from './fault.ts';
import { notInjected } from './processes.ts';

const operstateOf = async (link: string): Promise<string> =>
  (await readFile(`/sys/class/net/${link}/operstate`, 'utf8').catch(() => 'absent')).trim();

const isUp = async (link: string): Promise<Verdict> => {
  const state = await operstateOf(link);
  return state === 'up' || `link ${link} is ${state}`;
};

type Damage = {
  readonly seen: string;
  readonly repair: Command;
  readonly breakIt: () => Promise<unknown>;
  readonly isBroken: () => Promise<boolean>;
  /** Looked at before it is mended; what it did, or that it did nothing. */
  readonly hasWorked?: () => Promise<boolean>;
};

/** A repair may fail where nothing is broken any more, or never was. */
const mend = async (guard: Guard, isBroken: () => Promise<boolean>): Promise<void> => {
  try {
    await guard.release();
  } catch (error) {
    if (await isBroken().catch(() => true)) throw error;
  }
};

const damage = async (link: string, { repair, breakIt, isBroken, hasWorked, seen }: Damage): Promise<Broken> => {
  const guard = await startGuard(repair);
  try {
    await breakIt();
    if (!(await isBroken())) throw notInjected(`link ${link} is as it was`);
  } catch (error) {
    await mend(guard, isBroken);
    throw error;
  }
  const lift = async () => {
    const lasted = (await isBroken()) && (await (hasWorked?.() ?? true));
    await mend(guard, isBroken);
    if (!lasted) throw notInjected(`link ${link} was mended by something else, or nothing went over it`);
  };
  return { seen, lift, isBack: async () => ((await isBroken()) ? `link ${link} is still broken` : isUp(link)) };
};

/** The routes that go with a link; those of the kernel come back by themselves. */
export const parseOwnRoutes = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/ (linkdown|onlink)\b/g, '').trim())
    .filter((line) => line !== '' && !/\bproto kernel\b/.test(line));

/** Sets a link up, and puts routes back, each an argument as `ip route show` has it. */
const mendScript =
  'ip=$1 link=$2; shift 2; "$ip" link set "$link" up; for route do "$ip" route replace $route dev "$link"; done';

/** The host's end of the node's link is set down; its routes go with it and come back with it. */
export const takeLinkDown = (link: string, runner: Runner): Fault => ({
  inject: async () => {
    const run = bySystemPath(runner);
    const routes = parseOwnRoutes((await run(['ip', 'route', 'show', 'dev', link])).stdout);
    return damage(link, {
      seen: `link ${link} is down`,
      repair: ['/bin/sh', '-euc', mendScript, 'mend', systemProgram('ip'), link, ...routes],
      breakIt: () => run(['ip', 'link', 'set', link, 'down']),
      isBroken: async () => (await operstateOf(link)) === 'down',
    });
  },
});

const lossPercent = 30;

/** The table of rules that loses packets; named after the link, as each instance has its own. */
export const lossTable = (link: string): string => `taskgate-chaos-${link}`;

/** Rules for `nft -f` by which packets that go over a link in either direction are lost by chance. */
export const renderLoss = (link: string): string => {
  const table = lossTable(link);
  const chainOf = (hook: 'input' | 'output', field: 'iifname' | 'oifname'): readonly string[] => [
    `add chain inet ${table} ${hook} { type filter hook ${hook} priority 0; }`,
    `add rule inet ${table} ${hook} ${field} "${link}" numgen random mod 100 < ${lossPercent} counter drop`,
  ];
  return [`add table inet ${table}`, ...chainOf('input', 'iifname'), ...chainOf('output', 'oifname'), ''].join('\n');
};

/** Packets between this host and the node are lost by chance. */
export const losePackets = (link: string, runner: Runner): Fault => {
  const table = lossTable(link);
  const run = bySystemPath(runner);
  const list = async (): Promise<string> => (await run(['nft', 'list', 'tables', 'inet'])).stdout;
  return {
    inject: () =>
      damage(link, {
        seen: `link ${link} loses ${lossPercent} % of the packets`,
        repair: [systemProgram('nft'), 'delete', 'table', 'inet', table],
        breakIt: () => run(['nft', '-f', '-'], { input: renderLoss(link) }),
        isBroken: async () => (await list()).includes(table),
        hasWorked: async () => {
          const { stdout } = await run(['nft', 'list', 'table', 'inet', table]);
          return /counter packets [1-9]/.test(stdout);
        },
      }),
  };
};
