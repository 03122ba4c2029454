import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;

/** `java -cp server:server/* Main PORT FILE [WIRE]` serves what is in the file on 127.0.0.1 until it is killed. */
class Main {
    public static void main(String[] arguments) {
        Backend backend = new Backend(arguments[1]);
        backend.version(arguments.length > 2 ? new Version(Integer.parseInt(arguments[2])) : ServerVersion.MONGO_5_0);
        backend.getMvStore().setAutoCommitDelay(0);
        new MongoServer(backend).bind("127.0.0.1", Integer.parseInt(arguments[0]));
        System.out.println("listening");
    }

    /** Version 5.0 with another wire version: by itself it says that of 4.2, which the newest drivers do not speak to. */
    record Version(int getWireVersion) implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return ServerVersion.MONGO_5_0.getVersionArray();
        }
    }

    /** What the server does by itself, and no MongoDB does, is taken from it. */
    static class Backend extends H2Backend {
        Backend(String file) {
            super(file);
        }

        @Override
        public synchronized Document handleMessage(MongoMessage message) {
            // It changes a document field by field, in the object that it keeps, while others are still writing that
            // object to a connection: they would see half of the change.
            Document reply = super.handleMessage(message).cloneDeeply();
            // H2 writes to its file once a second by itself: a kill would lose what was acknowledged meanwhile.
            if (getMvStore().hasUnsavedChanges()) commit();
            return reply;
        }
    }
}
