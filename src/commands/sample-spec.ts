import type { Config } from '../config/config.ts';
import { imageRef } from '../config/versions.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';

/**
 * What the sample task is made from, before there is a Gateway endpoint.
 * Tested in test/commands/up/prove-path.test.ts.
 */
export const sampleSpec = (config: Config, master: MasterEndpoint) => ({
  instance: config.name,
  namespace: config.master.taskNamespace,
  image: imageRef('agnhost'),
  master,
});

/** Where the master listens on this host, when tasks dial it elsewhere. */
export const localMaster = (config: Config, master: MasterEndpoint) =>
  master.via === 'direct' ? {} : { local: { host: '127.0.0.1', port: config.master.port } };
