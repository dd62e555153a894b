import type { Config } from '../../config/config.ts';
import { flagOf, settings } from '../../config/settings.ts';
import { getIn } from '../../config/tree.ts';
import type { InstanceRecord } from '../../instance/record.ts';

/** What an instance was made with, by the paths of the settings. The profile and the network stay as they are by themselves. */
const madeWith = ({ settings: made, minikube, attach }: InstanceRecord) => {
  const { driver, cpus, memoryMb, baseImage, startArgs = [] } = minikube ?? {};
  const node = { driver, cpus, memoryMb, baseImage, startArgs: startArgs.join(' ') || undefined };
  return { ...made, minikube: node, context: attach?.context, allowContext: attach?.allowContext };
};

const textOf = (value: unknown): string => (Array.isArray(value) && value.length === 0 ? 'none' : String(value));

const quoted = (value: unknown): string => (/\s/.test(textOf(value)) ? `'${value}'` : textOf(value));

/** The flags that `up` needs to make the instance as it was made before. */
const flagsFor = (record: InstanceRecord, config: Config): readonly string[] => {
  const made = madeWith(record);
  return settings.flatMap(({ path }) => {
    const value = getIn(made, path.split('.'));
    const today = getIn(config, path.split('.'));
    const isOther = value !== undefined && textOf(value) !== textOf(today);
    return isOther ? [`${flagOf(path)} ${quoted(value)}`] : [];
  });
};

/** The command that brings an instance up as it was made, whatever the settings are today. */
export const upAgain = (record: InstanceRecord, config: Config): string =>
  ['taskgate up --name', record.name, ...flagsFor(record, config)].join(' ');
