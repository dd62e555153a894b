import { join } from 'node:path';

/**
 * Every path of taskgate's state folder: this file is its document. Folders are 0700 and files 0600 unless said
 * otherwise. What `up` writes as root under sudo is handed to the calling user, but for the node's own files. Tested in test/golden/layout.test.ts, too.
 */
export const statePaths = (stateDir: string) => ({
  /** A folder for each instance, by name. */
  instancesDir: join(stateDir, 'instances'),
  /** A lock for each instance, by name: held by the command that changes it. */
  locksDir: join(stateDir, 'locks'),
  /** Held by `up` while it chooses a native instance's network and records it. */
  networkLock: join(stateDir, 'network.lock'),
  /** A file for each instance whose network this host may keep unreachable, by name, with that network; stays when the instance is gone. */
  blockedDir: join(stateDir, 'blocked'),
});

export const instanceDirOf = (stateDir: string, name: string): string => join(statePaths(stateDir).instancesDir, name);

/** Files and folders of an instance's folder. */
export const instancePaths = (dir: string) => {
  const logsDir = join(dir, 'logs');
  return {
    /** What the instance is, and the journal of what must be undone: written by each command that changes it. */
    recordPath: join(dir, 'instance.json'),
    /** Of the cluster's administrator: written by the provider, read by each command and by the tunnel daemon. */
    kubeconfigPath: join(dir, 'kubeconfig'),
    /** What an attached cluster or an adopted profile had before the first `up`: written by that, read by `up` and `down`. */
    originalStatePath: join(dir, 'before.json'),
    /** report.json and report.html: what the last `up` did, for programs and for people. */
    reportJsonPath: join(dir, 'report.json'),
    reportHtmlPath: join(dir, 'report.html'),

    /** The master's first password: made once by `up`, read by each command that writes its configuration. */
    passwordPath: join(dir, 'admin-password'),
    /** A master's configuration: written by `up`, read by the user's master. */
    masterPath: join(dir, 'master.yaml'),
    devclusterPath: join(dir, 'devcluster.yaml'),
    helmValuesPath: join(dir, 'helm-values.yaml'),
    rbacPath: join(dir, 'rbac.yaml'),
    /** Named in the master's configuration as its cache folder; made by the master. */
    masterCacheDir: join(dir, 'master-cache'),
    /** A root for a master that has none with a wheel: `static`, a link, and `wheels`; written by `up`, read by the user's master. */
    masterRootDir: join(dir, 'master-root'),
    /** Of the master's own account: written by `config account`, read by the user's master. */
    masterKubeconfigPath: join(dir, 'master-kubeconfig'),
    /** With `master.tls`, the authority that tasks trust, and its key: made once by `up`. */
    masterAuthorityPath: join(dir, 'master-ca.crt'),
    masterAuthorityKeyPath: join(dir, 'master-ca.key'),
    /** The master's certificate with the authority's, and its key: written by `up`, read by the user's master. */
    masterCertificatePath: join(dir, 'master.crt'),
    masterKeyPath: join(dir, 'master.key'),
    /** Id of the master seen last: written and read by `status` and `up`, which recognize another master by it. */
    masterIdPath: join(dir, 'master-cluster-id'),

    /** A master and its database that the instance runs, see {@link determinedPaths}. */
    determinedDir: join(dir, 'determined'),

    /** What the tunnel daemon keeps: written by its starter and `tunnel extend`, read by the daemon and `status`. */
    tunnelSpecPath: join(dir, 'tunnels.json'),
    /** Served by the tunnel daemon: its status as one line of JSON. */
    tunnelSocketPath: join(dir, 'tunnel.sock'),
    /** Keys of new hosts: written and read by ssh. */
    knownHostsPath: join(dir, 'known_hosts'),
    /** What a tunnel's ssh keeps of the user's settings: written by the tunnel daemon, read by ssh. */
    sshConfigPath: join(dir, 'ssh_config'),
    /** taskgate's settings for the ngrok agent: written by the tunnel daemon. */
    ngrokConfigPath: join(dir, 'ngrok.yml'),
    /** Who may call by ngrok, where `tunnel.allowFrom` is set: written by the tunnel daemon. */
    ngrokPolicyPath: join(dir, 'ngrok-policy.json'),

    /** What the supervisor of a native node runs: written by `up`, read by the supervisor; stays root's. */
    supervisorSpecPath: join(dir, 'keeper.json'),
    /** Served by the supervisor: its status as one line of JSON. */
    supervisorSocketPath: join(dir, 'keeper.sock'),
    /** The supervisor's own errors. */
    supervisorLogPath: join(dir, 'keeper.log'),
    /** Of a native node, stays root's; see {@link nodePaths}. */
    nodeDir: join(dir, 'node'),

    /** NAME.log and, when that was full, NAME.log.1: one of each process, shown by `taskgate logs`. */
    logsDir,
    /** What happened to tunnels and forwards, with ssh's output: written by the tunnel daemon. */
    tunnelLogPath: join(logsDir, 'tunnel.log'),
    /** The tunnel daemon's own errors. */
    tunnelDaemonLogPath: join(logsDir, 'tunnel-keeper.log'),
    /** Output of `minikube start`. */
    minikubeLogPath: join(logsDir, 'minikube.log'),
    /** Minikube's debug logs, which it would leave in /tmp. */
    minikubeLogsDir: join(dir, 'minikube'),
  };
};

export const logPathOf = (logsDir: string, name: string): string => join(logsDir, `${name}.log`);

/** Folders of a native node: written by `up` and the node's processes, root's. */
export const nodePaths = (dir: string) => {
  const { nodeDir } = instancePaths(dir);
  return {
    /** etcd's, containerd's and kubelet's data lie here, and the copy of unshare(1) that root runs where AppArmor confines it. */
    nodeDir,
    /** Configuration files of the node's processes. */
    configDir: join(nodeDir, 'config'),
    /** Certificates and keys, by kubeadm. */
    pkiDir: join(nodeDir, 'pki'),
    /** A kubeconfig for each of the node's processes, by kubeadm. */
    kubeconfigDir: join(nodeDir, 'kubeconfigs'),
  };
};

/** The master that an instance runs, and its database: written by `up --with-master` and `master up`. */
export const determinedPaths = (dir: string) => {
  const { determinedDir } = instancePaths(dir);
  return {
    /** Also the folder of the database's socket. */
    determinedDir,
    /** What the master starts from; holds passwords. */
    configPath: join(determinedDir, 'master.yaml'),
    /** What the supervisor of both runs, with the password of the database. */
    specPath: join(determinedDir, 'keeper.json'),
    /** Served by that supervisor: its status as one line of JSON. */
    socketPath: join(determinedDir, 'keeper.sock'),
    /** PostgreSQL's name for its socket ends in the port. */
    longestSocketPath: join(determinedDir, '.s.PGSQL.65535'),
    /** The supervisor's own errors. */
    logPath: join(determinedDir, 'keeper.log'),
    /** PostgreSQL's data, whole: it is made beside it, and then renamed. */
    databaseDir: join(determinedDir, 'database'),
    databaseBegunDir: join(determinedDir, 'database.begun'),
    /** Made once. */
    databasePasswordPath: join(determinedDir, 'database-password'),
    /** The URL of a database of the user's own, where one was given: it may hold a password, which no setting keeps. */
    databaseUrlPath: join(determinedDir, 'database-url'),
    /** The port on 127.0.0.1 that the database had last. */
    databasePortPath: join(determinedDir, 'database-port'),
  };
};

/** Longest path of a Unix socket in bytes: sun_path of unix(7), of macOS elsewhere, less its final zero. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;

/** Why the sockets of an instance in this folder could not be made, and what to do; undefined where they can. */
export const findSocketProblem = (
  dir: string,
  ...more: readonly string[]
): { readonly what: string; readonly hint: string } | undefined => {
  const { supervisorSocketPath, tunnelSocketPath } = instancePaths(dir);
  const path = [tunnelSocketPath, supervisorSocketPath, ...more].find(
    (one) => Buffer.byteLength(one) > longestSocketPath,
  );
  if (path === undefined) return undefined;
  return {
    what: `the path ${path} has ${Buffer.byteLength(path)} bytes, but a socket's path has at most ${longestSocketPath}`,
    hint: 'set XDG_STATE_HOME to a shorter path, or choose a shorter name',
  };
};
