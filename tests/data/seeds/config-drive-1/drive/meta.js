{"instance-id": "v1-1", "dsmode": "net", "user-data": "#!/bin/sh\ntouch /root/ran\n", "role": "web"}
