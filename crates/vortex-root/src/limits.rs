//! Limits for files. Real files stay far below each of them; if a file exceeds one, the error names
//! the limit and the value.

/// Uncompressed bytes of one metadata object (a tree's description, the streamer information). A
/// NanoAOD tree of 1,600 branches takes 1 MB.
pub const MAX_OBJECT_BYTES: usize = 128 << 20;

/// Uncompressed bytes of one basket with its entry offsets. ROOT's own default is 32 kB, NanoAOD
/// and PHYSLITE stay below 10 MB.
pub const MAX_BASKET_BYTES: usize = 128 << 20;

/// Bytes of the key of one object: its header and three strings.
pub(crate) const MAX_KEY_BYTES: usize = 1 << 16;

/// Bytes of the list of keys of one directory.
pub(crate) const MAX_KEY_LIST_BYTES: usize = 64 << 20;

/// Directories of one file.
pub(crate) const MAX_DIRECTORIES: usize = 10_000;

/// Directories inside directories.
pub(crate) const MAX_DIRECTORY_DEPTH: usize = 64;

/// Bytes of all names of one file, or of one tree, each with the names of the enclosing directories
/// or branches.
pub(crate) const MAX_PATH_BYTES: usize = 64 << 20;

/// Classes named in one object.
pub(crate) const MAX_CLASSES: usize = 1 << 14;

/// Versions of one class that are described.
pub(crate) const MAX_CLASS_VERSIONS: usize = 256;

/// Objects of all directories of one file.
pub(crate) const MAX_OBJECTS: usize = 1 << 20;

/// Branches of one tree, and leaves of one tree.
pub(crate) const MAX_BRANCHES: usize = 1 << 17;

/// Branches inside branches, and leaves that count leaves that count leaves.
pub(crate) const MAX_BRANCH_DEPTH: usize = 32;

/// Base classes of base classes.
pub(crate) const MAX_BASE_DEPTH: usize = 32;

/// Streamer elements that are searched to find one member.
pub(crate) const MAX_ELEMENTS_SEARCHED: usize = 1 << 12;

/// Memory that the decoder of an xz block may use. Presets up to 9 need 65 MiB.
pub(crate) const MAX_XZ_MEMORY: u64 = 128 << 20;

/// Vectors of vectors.
pub(crate) const MAX_VECTOR_LEVELS: usize = 8;

/// Representations of one field of an RNTuple. Writers use one or two.
pub(crate) const MAX_REPRESENTATIONS: usize = 16;

/// Clusters, pages, and columns of all clusters of one RNTuple.
pub(crate) const MAX_PAGES: usize = 1 << 23;

/// Uncompressed bytes of all page lists of one RNTuple.
pub(crate) const MAX_PAGE_LIST_BYTES: u64 = 512 << 20;

/// Entries, and bytes of all values, of one RNTuple for each byte of its file. Pages may share their
/// bytes, so the sizes of the pages do not bound them.
pub(crate) const MAX_EXPANSION: u64 = 1 << 16;

/// Entries, and bytes of all values, that an RNTuple may have in a file of any size.
pub(crate) const MIN_EXPANDED_BYTES: u64 = 1 << 30;
