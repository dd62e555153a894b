import { readdir } from 'node:fs/promises';
import { linkName } from '../../cluster/native/link.ts';
import type { Instance } from '../../instance/instance.ts';
import { statePaths } from '../../instance/paths.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import type { Runner } from '../../lib/process/runner.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import { taskKinds } from '../../model/task-objects.ts';
import { lossTable } from './faults/link.ts';
import { nodePids, programOf } from './faults/node-process.ts';

/** What is there of an instance, each in words; a word that comes twice is there twice. */
export type Inventory = readonly string[];

const objectsOf = async (kube: Kube, namespace: string): Promise<Inventory> => {
  const kinds = [...taskKinds, { apiVersion: 'v1', kind: 'Pod' }];
  const lists = await Promise.all(kinds.map((kind) => kube.list({ ...kind, namespace })));
  return lists.flatMap((list) => list.map(({ kind, metadata }) => `${kind} ${namespace}/${metadata.name}`));
};

const listenersOf = async (kube: Kube, gateway: GatewayName): Promise<Inventory> => {
  const { spec, metadata } = await kube.get<Gateway>(gatewayRef(gateway));
  return [
    ...spec.listeners.map(({ name }) => `listener ${name}`),
    ...Object.keys(metadata.annotations ?? {}).map((key) => `annotation ${key}`),
  ];
};

/** The locks of one instance among those of all; no instance has a dot in its name. */
export const locksOf = (name: string, files: readonly string[]): readonly string[] =>
  files.filter((file) => file.split('.')[0] === name);

const filesOf = async ({ dir, record }: Instance, stateDir: string): Promise<Inventory> => {
  const [files, locks] = await Promise.all([readdir(dir), readdir(statePaths(stateDir).locksDir)]);
  return [...files.map((name) => `file ${name}`), ...locksOf(record().name, locks).map((name) => `lock ${name}`)];
};

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

const networkOf = async (dir: string, runner: Runner): Promise<Inventory> => {
  const link = linkName(dir);
  const [links, routes, tables] = await Promise.all([
    runner(['ip', '-brief', 'link', 'show']),
    runner(['ip', 'route', 'show', 'dev', link]),
    // a machine without nft has no table of ours
    runner(['nft', 'list', 'tables']).catch(() => ({ stdout: '' })),
  ]);
  const named = linesOf(links.stdout).filter((line) => line.startsWith(link));
  return [
    ...named.map((line) => `link ${line.split(/\s+/).slice(0, 2).join(' ')}`),
    ...linesOf(routes.stdout).map((line) => `route ${line}`),
    ...linesOf(tables.stdout)
      .filter((line) => line.includes(lossTable(link)))
      .map((line) => `rules: ${line}`),
  ];
};

const processesOf = async (instance: Instance): Promise<Inventory> => {
  const programs = await Promise.all((await nodePids(async () => instance)).map(programOf));
  // those of kernel threads and of processes that end just now have none
  return programs.filter(Boolean).map((program) => `process ${program}`);
};

type Place = {
  readonly instance: Instance;
  readonly kube: Kube;
  readonly gateway: GatewayName;
  readonly namespace: string;
  readonly stateDir: string;
  readonly runner: Runner;
};

/** Tasks' objects, listeners, files and, of a native node, processes, link, routes and rules. */
export const takeInventory = async (place: Place): Promise<Inventory> => {
  const { instance, kube, gateway, namespace, stateDir, runner } = place;
  const isNative = instance.record().provider === 'native';
  const all = await Promise.all([
    objectsOf(kube, namespace),
    listenersOf(kube, gateway),
    filesOf(instance, stateDir),
    ...(isNative ? [networkOf(instance.dir, runner), processesOf(instance)] : []),
  ]);
  return all.flat();
};

const countOf = (words: Inventory): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};

/** What is there and was not, or was there and is not, as often as that is so. */
export const differences = (before: Inventory, after: Inventory): readonly string[] => {
  const [was, is] = [countOf(before), countOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].toSorted().flatMap((word) => {
    const more = (is.get(word) ?? 0) - (was.get(word) ?? 0);
    return Array.from({ length: Math.abs(more) }, () => (more > 0 ? `left: ${word}` : `gone: ${word}`));
  });
};
