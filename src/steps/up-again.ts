import type { Config } from '../config/config.ts';
import { flagOf, settings } from '../config/settings.ts';
import { getIn } from '../config/tree.ts';
import type { InstanceRecord } from '../keeper/instance.ts';

/** The flags without which `up` would make another gateway of an instance than the one that it was made with. */
const gatewayFlags = ({ settings: made }: InstanceRecord, config: Config): readonly string[] =>
  settings.flatMap(({ path }) => {
    const value = getIn(made, path.split('.'));
    const isOther = value !== undefined && value !== getIn(config, path.split('.'));
    return isOther ? [`${flagOf(path)} ${value}`] : [];
  });

/** The command that brings an instance up as it was made, whatever the settings are today. */
export const upAgain = (record: InstanceRecord, config: Config): string =>
  ['taskgate up --name', record.name, ...gatewayFlags(record, config)].join(' ');
