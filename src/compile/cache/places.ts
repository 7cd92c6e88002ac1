/** The socket of a project's Redis. Members of the project's group may connect. */
export const cacheSocket = (project: string): string => `/run/${project}-redis/redis.sock`;

/** The port of Redis, on which it listens only where other hosts need it. */
export const cachePort = 6379;
