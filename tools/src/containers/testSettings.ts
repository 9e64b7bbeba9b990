/** The environment in which tests take their servers from containers of these images. */
export function testSettings(images: Readonly<Record<string, string>>, logFolder: string): Record<string, string> {
  return {
    ...images,
    TEST_SERVERS: 'containers',
    CONTAINER_LOGS: logFolder,
    // The image of its clean-up container may not be had here. What a killed run leaves, the next one removes.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
  };
}
