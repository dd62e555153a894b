import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { asJson, golden } from '../support/golden/files.ts';
import { openInstance } from '../support/golden/open-instance.ts';
import { native } from '../support/golden/records.ts';
import {
  configFormats,
  configPaths,
  environmentOf,
  instancePaths,
  masterValuesOf,
  renderConfig,
} from '../support/golden/source.ts';

const { name, gateway, master } = native;

test.each(configFormats)('the configuration of a master, made from a golden record: %s', async (format) => {
  const { instance } = await openInstance('native');
  await writeFile(instancePaths(instance.dir).passwordPath, 'kR7mmGJq2vWn8TzYxFcd4hPs\n');
  const text = renderConfig(format, [await masterValuesOf(instance)]);
  expect(text.replaceAll(instance.dir, '/state/instances/dev')).toBe(golden(configPaths('master')[format]));
});

test('the variables of `taskgate env`', () => {
  const variables = environmentOf({ name, instanceDir: '/state/instances/dev', gateway, master });
  expect(asJson(variables)).toBe(golden('master/env.json'));
});
