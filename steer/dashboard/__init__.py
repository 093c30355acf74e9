"""`steer dashboard`: a campaign in a browser, live. It reads, and changes nothing.

=================  ===================================================================================
`app`              routes: page, JSON, map tiles, events, metrics
`access`           who may look: token, cookie, host names, headers
`serving`          the port, the address that is printed, the server
`campaign_view`    journal, status and configuration as JSON
`live`             progress and workers from Redis, where it answers
`atlas`            all frames as points of the map, growing as frames come
`pointindex`       points ordered by place, so that a part of the map is found without looking at the rest
`binning`          points to counts and means on the screen's pixels
`colours`          what the map can be coloured by
`structures`       beads and atoms of a frame or a refinement, superposed, as PDB
`progress`         coverage with its control, computed now and then
=================  ===================================================================================
"""
