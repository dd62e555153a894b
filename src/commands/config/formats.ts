import { instancePaths } from '../../instance/paths.ts';

/** How a master's configuration can be written. */
export const configFormats = ['master', 'devcluster', 'helm', 'rbac'] as const;

export type ConfigFormat = (typeof configFormats)[number];

/** The file of each in an instance's folder. Tested in test/commands/up/write-master-files.test.ts. */
export const configPaths = (dir: string): Readonly<Record<ConfigFormat, string>> => {
  const { masterPath, devclusterPath, helmValuesPath, rbacPath } = instancePaths(dir);
  return { master: masterPath, devcluster: devclusterPath, helm: helmValuesPath, rbac: rbacPath };
};
