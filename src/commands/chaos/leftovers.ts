import { readdir } from 'node:fs/promises';
import { linkName } from '../../cluster/native/link.ts';
import { identityOf } from '../../instance/identity.ts';
import type { Instance } from '../../instance/instance.ts';
import { statePaths } from '../../instance/paths.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import { CommandError, type Runner } from '../../lib/process/runner.ts';
import { bySystemPath } from '../../lib/process/system-path.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import { type InstanceIdentity, isOfInstance } from '../../model/labels.ts';
import { listenerName, portOfAnnotation } from '../../model/task-listener.ts';
import { taskKinds } from '../../model/task-objects.ts';
import { isAllocationOf, sampleSelector } from '../../proof/sample-task/task.ts';
import { lossTable } from './faults/link.ts';
import { programOf, servicePids } from './faults/node-process.ts';
import { serviceNames } from './scenarios.ts';
import { trafficOwner } from './traffic/server.ts';

/** What is there of an instance, each in words; a word that comes twice is there twice. */
export type Inventory = readonly string[];

type Owner = { readonly kube: Kube; readonly owner: InstanceIdentity };

/** Of the instance's sample tasks and of the traffic; tasks of others may come and go. */
export const objectsOf = async ({ kube, owner }: Owner, namespace: string): Promise<Inventory> => {
  const kinds = [...taskKinds, { apiVersion: 'v1', kind: 'Pod' }];
  const labelSelector = sampleSelector(owner);
  const lists = await Promise.all(kinds.map((kind) => kube.list({ ...kind, namespace, labelSelector })));
  return lists.flatMap((list) =>
    list
      .filter((object) => isOfInstance(object, owner) || isOfInstance(object, trafficOwner(owner)))
      .map(({ kind, metadata }) => `${kind} ${namespace}/${metadata.name}`),
  );
};

/** All listeners but those whose annotation names an allocation of somebody else, with the annotations of the rest. */
export const listenersOf = async ({ kube, owner }: Owner, gateway: GatewayName): Promise<Inventory> => {
  const { spec, metadata } = await kube.get<Gateway>(gatewayRef(gateway));
  const isOwn = (allocationId: string) =>
    isAllocationOf(owner, allocationId) || isAllocationOf(trafficOwner(owner), allocationId);
  const annotations = Object.entries(metadata.annotations ?? {});
  const foreign = annotations.filter(([key, value]) => portOfAnnotation(key) !== undefined && !isOwn(value));
  const foreignNames = foreign.map(([key]) => listenerName(portOfAnnotation(key) ?? 0));
  return [
    ...spec.listeners.filter(({ name }) => !foreignNames.includes(name)).map(({ name }) => `listener ${name}`),
    ...annotations.filter((one) => !foreign.includes(one)).map(([key]) => `annotation ${key}`),
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

/** A machine without nft has no table of ours; everything else that keeps it from telling is an error. */
const tablesOf = (run: Runner): Promise<{ readonly stdout: string }> =>
  run(['nft', 'list', 'tables']).catch((error: unknown) => {
    if (error instanceof CommandError && error.exitCode === undefined) return { stdout: '' };
    throw error;
  });

export const networkOf = async (dir: string, runner: Runner): Promise<Inventory> => {
  const link = linkName(dir);
  const run = bySystemPath(runner);
  const [links, routes, tables] = await Promise.all([
    run(['ip', '-brief', 'link', 'show']),
    run(['ip', 'route', 'show', 'dev', link]),
    tablesOf(run),
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

/** The node's own services; a container's processes and what runs it come and go with it. */
const processesOf = async (instance: Instance): Promise<Inventory> => {
  const programs = await Promise.all((await servicePids(async () => instance)).map(programOf));
  return programs.filter((program) => serviceNames.includes(program)).map((program) => `process ${program}`);
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
  const owner = identityOf(instance.record());
  const isNative = instance.record().provider === 'native';
  const all = await Promise.all([
    objectsOf({ kube, owner }, namespace),
    listenersOf({ kube, owner }, gateway),
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
