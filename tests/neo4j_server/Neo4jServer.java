import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * Serves one Neo4j database over Bolt on loopback until the process is told to end.
 * Run as a single source file: java -cp 'LIB/*' Neo4jServer.java FOLDER PORT DATABASE.
 * Nobody signs in: only tests on this machine use it. Small on purpose: little page cache, no space taken in advance.
 */
class Neo4jServer {
    private static final long MIB = 1 << 20;

    public static void main(String[] arguments) throws InterruptedException {
        var service = new DatabaseManagementServiceBuilder(Path.of(arguments[0]))
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", Integer.parseInt(arguments[1])))
            .setConfig(GraphDatabaseSettings.initial_default_database, arguments[2])
            .setConfig(GraphDatabaseSettings.auth_enabled, false)
            .setConfig(GraphDatabaseSettings.pagecache_memory, 128 * MIB)
            .setConfig(GraphDatabaseSettings.preallocate_logical_logs, false)
            .setConfig(GraphDatabaseSettings.logical_log_rotation_threshold, 16 * MIB)
            // A graph that every test makes anew would have its statements planned anew every ten seconds.
            .setConfig(GraphDatabaseSettings.cypher_min_replan_interval, Duration.ofHours(1))
            .build();
        Runtime.getRuntime().addShutdownHook(new Thread(service::shutdown));
        new CountDownLatch(1).await();
    }
}
