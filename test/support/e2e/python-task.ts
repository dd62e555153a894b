import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';

/**
 * What the stand-in master's tasks are with an image that has Python: their pods do what those of a real master were seen to do
 * (an init container unpacks archives of the ConfigMap; the main one begins with ship-logs.sh, ship_logs.py and an entrypoint),
 * with scripts written for this test in place of Determined's.
 */
const scripts = {
  'ship-logs.sh': '#!/usr/bin/env bash\nset -e\nscript="$1"\nshift\nexec python3 "$script" "$@"\n',
  'ship_logs.py': [
    'import os, subprocess, sys, urllib.request',
    'urllib.request.urlopen(os.environ["DET_MASTER"] + "/info", timeout=10).read()',
    'sys.exit(subprocess.call(sys.argv[1:]))',
  ].join('\n'),
  'command-entrypoint.sh': [
    '#!/usr/bin/env bash',
    'set -e',
    '/bin/which python3',
    'python3 -m pip --version',
    'python3 -c "import determined"',
    'python3 -m determined.exec.prep_container --help',
    'exec "$@"',
  ].join('\n'),
};

const unpackScript = '#!/usr/bin/env bash\nset -e\nmkdir -p "$2"\ntar -xzf "$1/0.tar.gz" -C "$2"\n';

const archive = async (): Promise<string> => {
  const into = pack();
  for (const [name, text] of Object.entries(scripts)) into.entry({ name, mode: 0o755 }, text);
  into.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of into) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks)).toString('base64');
};

/** Answers the nonce at any path, as the command of `smoke --master` does. */
const server = [
  'import http.server, os, sys',
  'class Answer(http.server.BaseHTTPRequestHandler):',
  '    def do_GET(self):',
  '        self.send_response(200)',
  '        self.end_headers()',
  '        self.wfile.write(os.environ["TASKGATE_NONCE"].encode())',
  'http.server.HTTPServer(("", int(sys.argv[1])), Answer).serve_forever()',
].join('\n');

type Container = { readonly ports?: readonly { readonly containerPort: number }[] };
type PodSpec = { readonly initContainers: readonly Container[]; readonly containers: readonly Container[] };
type Job = KubeObject & { readonly spec: { readonly template: { readonly spec: PodSpec } } };

const runDir = '/run/determined';
const files = { name: 'run-dir', mountPath: runDir };

const withPython = (job: Job): KubeObject => {
  const { template, ...spec } = job.spec;
  const { initContainers, containers, ...pod } = template.spec as PodSpec & { readonly volumes: readonly object[] };
  const port = String(containers[0]?.ports?.[0]?.containerPort);
  const main = [`${runDir}/ship-logs.sh`, `${runDir}/ship_logs.py`, `${runDir}/command-entrypoint.sh`];
  const init = ['bash', '/det_tars/k8_init_container_entrypoint.sh', '/det_tars', runDir];
  const changed = {
    ...pod,
    volumes: [...pod.volumes, { name: 'run-dir', emptyDir: {} }],
    initContainers: initContainers.map((one) => ({
      ...one,
      command: init,
      volumeMounts: [{ name: 'archives', mountPath: '/det_tars', readOnly: true }, files],
    })),
    containers: containers.map((one) => ({
      ...one,
      command: [...main, 'python3', '-c', server, port],
      volumeMounts: [files],
    })),
  };
  return { ...job, spec: { ...spec, template: { ...template, spec: changed } } } as KubeObject;
};

/** A client by which the stand-in master makes such tasks. */
export const makePythonTasks = (kube: Kube): Kube => ({
  ...kube,
  create: async (object, ...rest) => {
    if (object.kind === 'Job') return kube.create(withPython(object as unknown as Job) as typeof object, ...rest);
    if (object.kind !== 'ConfigMap') return kube.create(object, ...rest);
    const binaryData = {
      '0.tar.gz': await archive(),
      'k8_init_container_entrypoint.sh': Buffer.from(unpackScript).toString('base64'),
    };
    return kube.create({ ...object, binaryData }, ...rest);
  },
});
