import type { InstanceRecord } from '../../instance/record.ts';
import { keptOf } from '../settings/kept.ts';
import { masterSettings } from '../settings/reads.ts';

type Kept = Pick<InstanceRecord, 'given'>;

const isOfMaster = ([path]: readonly [string, unknown]): boolean =>
  path === 'withMaster' || masterSettings.includes(path);

/** What the next `up` starts from: this master, with what was given for it. */
export const keptWithMaster = (record: InstanceRecord, wanted: Kept['given'] = {}): Kept => {
  const others = Object.entries(keptOf(record)).filter((entry) => !isOfMaster(entry));
  return {
    given: Object.fromEntries([...others, ...Object.entries({ ...wanted, withMaster: true }).filter(isOfMaster)]),
  };
};

/** The same without any; `master.root` is that of the files which `up` writes for a master of the user's, too. */
export const keptWithoutMaster = (record: InstanceRecord): Kept => ({
  given: Object.fromEntries(
    Object.entries(keptOf(record)).filter((entry) => entry[0] === 'master.root' || !isOfMaster(entry)),
  ),
});
