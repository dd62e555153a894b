import type { DocCommand } from './commands.ts';

type NotRun = { readonly page: string; readonly because: string; readonly commands: readonly string[] };

const stage = (key: string): string => `CI's stage ${key} runs it`;

/** The commands of the pages that test/docs does not run, with the reason. All others it runs as they are written. */
export const notRun: readonly NotRun[] = [
  {
    page: 'README.md',
    because: stage('package'),
    commands: ['npm ci && npm pack', 'npm i -g ./taskgate-VERSION.tgz', 'npm i -D ./taskgate-VERSION.tgz'],
  },
  { page: 'README.md', because: '.ci/run begins with it', commands: ['npm ci'] },
  { page: 'README.md', because: stage('readme-up'), commands: ['npm run dev-cluster'] },
  {
    page: 'docs/getting-started.md',
    because: 'CI is in a checkout already, and .ci/run begins with npm ci',
    commands: ['git clone REPOSITORY taskgate && cd taskgate', 'npm ci'],
  },
  {
    page: 'docs/task-image.md',
    because: 'it assembles images for minutes; test/e2e/task-image.test.ts does, and runs tasks with them',
    commands: [
      'npx taskgate up --small-task-image',
      'npx taskgate up --small-task-image --with-jupyterlab',
      'npx taskgate images build task --with-jupyterlab --output task-image.tar',
    ],
  },
  {
    page: 'docs/attach.md',
    because: "a cluster of the reader's; test/e2e/attach.test.ts attaches to one of its own",
    commands: [
      'npx taskgate up --name rack --provider attach --context rack --allow-context rack',
      'npx taskgate up --name cloud --provider attach --context prod --allow-context prod --master-reach ssh --ssh-host my-public-host --tunnel-allow-public',
    ],
  },
  {
    page: 'docs/attach.md',
    because: 'a native cluster without its Gateway, as test/e2e/attach.test.ts makes one',
    commands: [
      'npx taskgate up --name guest --provider attach --context taskgate-docs --allow-context taskgate-docs --kubeconfig /tmp/docs-state/taskgate/instances/docs/kubeconfig',
      'npx taskgate down --name guest',
    ],
  },
  {
    page: 'docs/chaos.md',
    because: 'it breaks an instance for minutes; test/e2e/chaos.test.ts does',
    commands: [
      'npx taskgate chaos --scenario list',
      'npx taskgate chaos --scenario etcd-killed',
      'npx taskgate chaos',
      'npx taskgate chaos --minutes 10 --junit chaos.xml',
    ],
  },
  {
    page: 'docs/images.md',
    because: "archives and images of the reader's; test/e2e/images.test.ts has some",
    commands: [
      'npx taskgate images load task.tar',
      'npx taskgate images load determinedai/pytorch-ngc-dev:0736b6d --name second',
      'npx taskgate images load untagged.tar --as my/task:1',
      'npx taskgate images list',
    ],
  },
  {
    page: 'docs/minikube.md',
    because: 'Minikube, which the rig has: test/minikube/lifecycle.test.ts',
    commands: [
      'npm run dev-cluster -- --provider minikube',
      'npx taskgate status',
      'minikube stop -p taskgate-dev-1a2b3c',
      'npm run dev-cluster:down',
      'minikube profile list',
    ],
  },
  {
    page: 'docs/network-policies.md',
    because: 'test/e2e/network-policies.test.ts brings the same cluster up',
    commands: ['npx taskgate up --network-policies'],
  },
  {
    page: 'docs/with-master.md',
    because: "Determined's master, of which the machines of CI have none; test/e2e/with-master.test.ts has a stand-in",
    commands: [
      'npx taskgate up --with-master',
      'npx taskgate master up',
      'npx taskgate master status',
      'npx taskgate master logs',
      'npx taskgate master down',
    ],
  },
  {
    page: 'docs/real-master.md',
    because: "Determined's master; test/e2e/real-master.test.ts has a stand-in",
    commands: [
      'npx taskgate smoke --master http://127.0.0.1:8080',
      'npx taskgate smoke --name east --master http://127.0.0.1:18090',
      'DET_PASS=wrong npx taskgate smoke --name east --master http://10.217.255.1:8080',
      'npx taskgate smoke --name east --master https://10.217.255.1:8080',
    ],
  },
  {
    page: 'docs/way-back-ngrok.md',
    because: 'an account at ngrok; test/process/ngrok.test.ts has a stand-in',
    commands: [
      'export NGROK_AUTHTOKEN=...',
      'npm run dev-cluster -- --master-reach ngrok --tunnel-allow-public',
      'npx taskgate tunnel up --name back --master-reach ngrok --tunnel-allow-public',
      'npx taskgate tunnel down --name back',
    ],
  },
  {
    page: 'docs/way-back-ssh.md',
    because: 'an SSH server at another address; test/process/ssh and test/e2e/ssh-tunnel.test.ts have one',
    commands: [
      'npm run dev-cluster -- --master-reach ssh --ssh-host my-host --tunnel-allow-public',
      'npx taskgate tunnel up --master-reach ssh --ssh-host my-host --tunnel-allow-public',
      'npm run dev-cluster -- --name docs --master-reach ssh --ssh-host tunnel-host --tunnel-allow-public',
      'grep -A2 determined_master_scheme master.yaml',
      'npx taskgate tunnel status --name docs',
      'npx taskgate tunnel up --name back --master-reach ssh --ssh-host tunnel-host --tunnel-allow-public',
    ],
  },
  {
    page: 'docs/way-back-url.md',
    because: "an address of the reader's that leads to the master",
    commands: [
      'npm run dev-cluster -- --master-reach url --master-url https://master.example:8443',
      'npm run dev-cluster -- --name east --master-cluster-name east --master-resource-pool east --master-reach url --master-url http://10.210.255.1:18443',
      'npx taskgate status --name east',
    ],
  },
  {
    page: 'docs/way-back.md',
    because: 'the settings of one of the tunnels above; test/process/tunnel-command.test.ts has them',
    commands: [
      'taskgate tunnel up',
      'taskgate tunnel status',
      'taskgate tunnel extend --hours 12',
      'taskgate tunnel down',
    ],
  },
];

/** The pages whose other commands test/docs/docs.test.ts runs, in its order: each leaves what the next one needs. */
export const runPages = [
  'README.md',
  'docs/forward.md',
  'docs/attach.md',
  'docs/ci.md',
  'docs/several-clusters.md',
  'docs/way-back-ngrok.md',
  'docs/way-back-ssh.md',
  'docs/way-back-url.md',
] as const;

/** The page that test/docs/getting-started.test.ts runs. */
export const startPage = 'docs/getting-started.md';

export const isRun = ({ page, text }: DocCommand): boolean =>
  !notRun.some((one) => one.page === page && one.commands.includes(text));
