/**
 * What the operator lends to every bot in a container or a pod. Containers: a path of the machine, or the name of a volume.
 * Pods: `claim` or `claim/folder`, a PersistentVolumeClaim and a folder in it.
 */
export interface BotFolders {
  /** The browser profile of an account that is signed in; one bot at a time. */
  profile?: string | undefined;
  /** Where a failed run leaves what its page showed. */
  diagnosis?: string | undefined;
}

const places = {
  profile: { variable: 'BOT_PROFILE_DIR', path: '/var/lib/vexa/profile' },
  diagnosis: { variable: 'BOT_DIAGNOSIS_DIR', path: '/var/lib/vexa/diagnosis' },
} as const;

export interface LentFolder {
  /** How the bot is told of it. */
  variable: string;
  /** Inside the container. */
  path: string;
  source: string;
}

export const lentFolders = (folders: BotFolders): LentFolder[] =>
  (['profile', 'diagnosis'] as const).flatMap((name) => {
    const source = folders[name];
    return source ? [{ ...places[name], source }] : [];
  });
