import { basename } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { asText, type Fields, isFields, itemsOf, parseJson } from '../lib/json.ts';
import type { ProviderName } from '../model/cluster.ts';
import { instancePaths } from './paths.ts';
import { type InstanceRecord, type Resource, schemaVersion } from './record.ts';

const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');

const hasTexts = (value: unknown, ...names: readonly string[]): boolean =>
  isFields(value) && names.every((name) => typeof value[name] === 'string');

const hasProcess = ({ process }: Fields): boolean =>
  hasTexts(process, 'bootId') && isFields(process) && [process.pid, process.startTicks].every(Number.isInteger);

/** What is removed by each kind must be named in full. */
const isSound: { readonly [Kind in Resource['kind']]: (resource: Fields) => boolean } = {
  cgroups: ({ paths }) => isTextList(paths),
  link: (resource) => hasTexts(resource, 'name'),
  keeper: hasProcess,
  tunnels: hasProcess,
  master: hasProcess,
  'minikube-profile': (resource) => hasTexts(resource, 'profile', 'driver'),
};

const isKind = (kind: unknown): kind is Resource['kind'] => typeof kind === 'string' && Object.hasOwn(isSound, kind);
const isResource = (value: unknown): boolean => isFields(value) && isKind(value.kind) && isSound[value.kind](value);

const isMerge = (value: unknown): boolean => hasTexts(value, 'path', 'kubeContext');
const isMissingOr = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);

const providers: readonly unknown[] = ['native', 'minikube', 'attach'] satisfies readonly ProviderName[];

/** As far as `down` needs it; the name is that of its folder. What root removes is verified again by removeResource. */
const isRecord = (record: Fields, name: string): boolean =>
  record.name === name &&
  providers.includes(record.provider) &&
  Array.isArray(record.journal) &&
  record.journal.every(isResource) &&
  isMissingOr(record.merged, isMerge) &&
  isMissingOr(record.mergedBefore, Array.isArray) &&
  itemsOf(record.mergedBefore).every(isMerge) &&
  [record.minikube, record.attach, record.cluster, record.settings, record.given].every((one) =>
    isMissingOr(one, isFields),
  );

/**
 * Reads the text of an instance's record. Throws UserError `environment.instance-damaged`, or `environment.instance-schema`
 * for one of another version.
 */
export const parseRecord = (text: string, dir: string): InstanceRecord => {
  const record = parseJson(text);
  const path = instancePaths(dir).recordPath;
  const isCurrent = isFields(record) && record.schema === schemaVersion;
  if (isCurrent && isRecord(record, basename(dir))) return record as InstanceRecord;
  if (isCurrent || !isFields(record)) {
    throw new UserError(`${path} is damaged`, {
      id: 'environment.instance-damaged',
      hint: `to remove all that can be found of it: taskgate down --force --name ${basename(dir)}`,
    });
  }
  throw new UserError(`${path} has schema ${asText(record.schema)}, this taskgate knows ${schemaVersion}`, {
    id: 'environment.instance-schema',
    hint: `take it down with the version of taskgate that created it; or, with what can be found: taskgate down --force --name ${basename(dir)}`,
  });
};
