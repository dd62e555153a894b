// Tested in test/process/stack/own-master.test.ts
import type { Instance } from '../../instance/instance.ts';
import { UserError } from '../../lib/errors.ts';
import type { Instances, MasterValues } from '../../master/write/values.ts';
import type { CommandContext } from '../../providers/context.ts';
import { valuesOf } from '../config/master.ts';
import { masterValuesOf } from '../config/master-values.ts';

const also = 'master.also';

const lost = (name: string, other: string, { message }: UserError): string =>
  `the master of ${name} runs without instance ${other} (${also}): ${message}; to let it go: taskgate up --name ${name} --reset ${also}`;

/**
 * The instances that a master is to serve, its own first. One of `master.also` that is gone by now is left out with a warning, as far
 * as the instance itself keeps that setting. Throws UserError `environment.no-instance` for one that this run names.
 */
export const instancesOf = async (
  instance: Instance,
  context: CommandContext,
  warn: (text: string) => void,
): Promise<Instances> => {
  const { name } = instance.record();
  const isKept = context.chosen?.origins[also] === 'instance';
  const find = async (other: string): Promise<readonly MasterValues[]> => {
    try {
      return [await valuesOf(context, other)];
    } catch (error) {
      if (!isKept || !(error instanceof UserError) || error.id !== 'environment.no-instance') throw error;
      warn(lost(name, other, error));
      return [];
    }
  };
  const others = (context.config.master.also ?? []).filter((other) => other !== name);
  const own = await masterValuesOf(instance);
  return [own, ...(await Promise.all(others.map(find))).flat()];
};
