import { delimiter } from 'node:path';
import type { Config } from '../../config/config.ts';
import { keptPaths } from '../../config/kept.ts';
import { settings } from '../../config/settings.ts';
import { defaultsSource } from '../../config/sources.ts';
import { getIn, isTree } from '../../config/tree.ts';
import type { GivenSettings, InstanceRecord } from '../../instance/record.ts';
import { withoutUndefined } from '../../lib/defined.ts';
import { asText } from '../../lib/json.ts';

/** A value of a setting for people; undefined is what is determined at run time. */
export const textOf = (value: unknown): string => {
  if (value === undefined) return 'its default';
  return Array.isArray(value) ? value.join(',') || 'none' : asText(value);
};

const defaults: GivenSettings = Object.fromEntries(settings.map((setting) => [setting.path, setting.default]));

/** What is in force where an instance keeps this and nothing else is named. */
export const valueIn = (given: GivenSettings, path: string): unknown => given[path] ?? defaults[path];

/** What an older record tells of the settings, by their places in taskgate.yaml. */
const madeWith = ({ settings: made, minikube, attach }: InstanceRecord) => {
  const { driver, cpus, memoryMb, baseImage, startArgs = [], profile, profileGiven } = minikube ?? {};
  const node = { driver, cpus, memoryMb, baseImage, startArgs: startArgs.join(' ') || undefined };
  const { context, allowContext, kubeconfigPaths } = attach ?? {};
  return {
    ...made,
    minikube: { ...node, profile: profileGiven ? profile : undefined },
    ...{ context, allowContext, kubeconfig: kubeconfigPaths?.join(delimiter) },
  };
};

/** From a record that does not say what was given: all that differs from the defaults. */
const derive = (record: InstanceRecord): GivenSettings => {
  const made = madeWith(record);
  const rows = keptPaths.map((path) => [path, getIn(made, path.split('.'))] as const);
  // the scheme follows from the certificate
  const isImplied = (path: string): boolean => path === 'master.scheme' && record.settings?.master?.tls === true;
  return Object.fromEntries(
    rows.filter(([path, value]) => value !== undefined && textOf(value) !== textOf(defaults[path]) && !isImplied(path)),
  );
};

/** The settings that an instance keeps: the next `up` starts from them. Tested in test/commands/settings/kept.test.ts. */
export const keptOf = (record: InstanceRecord): GivenSettings => record.given ?? derive(record);

/** Sections that `up` records as it made them. */
const recorded = ['gateway', 'master', 'ssh', 'ngrok', 'tunnel', 'network', 'native'] as const;

const sectionOf = (section: string, made: object): object => {
  const byDefault = getIn(defaultsSource().tree, [section]);
  return withoutUndefined({ ...(isTree(byDefault) ? byDefault : {}), ...made });
};

/**
 * The settings that an instance was made with by the last `up` that came to its end, whatever is named today; without
 * one, those of today.
 */
export const asMade = (config: Config, { settings: made }: Pick<InstanceRecord, 'settings'>): Config => {
  if (!made) return config;
  const sections = recorded.flatMap((name) => {
    const section = made[name];
    return section ? [[name, sectionOf(name, section)] as const] : [];
  });
  const { podSecurity: _, ...rest } = config;
  return { ...rest, ...Object.fromEntries(sections), ...(made.podSecurity && { podSecurity: made.podSecurity }) };
};
