/** How a master's configuration can be written, and the file that holds it in an instance's folder. */
export const configFiles = {
  master: 'master.yaml',
  devcluster: 'devcluster.yaml',
  helm: 'helm-values.yaml',
  rbac: 'rbac.yaml',
} as const;

export type ConfigFormat = keyof typeof configFiles;

export const configFormats = Object.keys(configFiles) as readonly ConfigFormat[];
